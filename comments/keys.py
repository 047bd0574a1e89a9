"""The surrogate keys of what comments alone can tell; see `articles.keys`."""

#: Which stories have the most comments.
DISCUSSED = "discussed"
#: Which comment an editor picked last.
PICKS = "picks"
