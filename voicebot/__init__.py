"""A telephone hotline that follows its script and listens like a person."""

__version__ = "0.1.0"
