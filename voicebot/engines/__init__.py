"""Engines: what turns sound into text, text into sound, and text into meaning."""
