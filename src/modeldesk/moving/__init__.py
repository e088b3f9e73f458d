"""Brings here all that another database keeps, whichever framework wrote it."""
