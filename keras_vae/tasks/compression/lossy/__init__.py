"""Images as few bytes that bring them back nearly: latents rounded to whole numbers, and a learned prior for them."""
