"""Serves a trained model over HTTP, from the web framework that a project chose."""
