"""What starts sessions and studies: the bodies of requests, and what they have in common."""
