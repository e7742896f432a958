"""Measurements with real models and outside data; nothing of the product imports them."""
