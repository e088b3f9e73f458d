"""The extension of Flask."""
