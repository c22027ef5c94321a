"""Exchange with other tools; each module needs the tool it speaks to."""
