"""Images that are steered: the style of one in the content of another, and more images of a labelled set."""
