"""What the outlier detector of tables is made of: scaled rows, log densities of rows, and how they become one score."""
