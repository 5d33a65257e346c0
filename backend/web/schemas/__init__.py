"""Request and response models: they validate, and the OpenAPI document is made from them.

One module a subject; `base` has what they share. JSON bodies are strict (a number in quotes is
no number), query strings and form fields are not, because there everything is text.
"""
