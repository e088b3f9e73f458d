"""Measurements of what the template makes, beside what people would pick instead."""
