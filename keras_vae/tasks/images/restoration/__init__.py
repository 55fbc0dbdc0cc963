"""Restoration of images: noise taken away, sizes multiplied, holes filled; learned from clean images alone."""
