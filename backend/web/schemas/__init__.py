"""Request and response models: they validate, and the OpenAPI document is made from them.

One module a subject; `base` has what they share. JSON bodies are strict (a quoted number is not a
number); query strings and form fields are not, because everything in them is text.
"""
