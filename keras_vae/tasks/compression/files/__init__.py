"""Files that are compressed, and how they come back: arrays, images, tables of whole numbers."""
