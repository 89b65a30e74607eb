"""Returns (报送): what an organisation reports upward, frozen when it signs; formats, rows, checks, steps, and who is late."""
