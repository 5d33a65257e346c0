"""The rules of studies: their start, what is shown, their predictions and figures, their end."""
