"""Taking a portal away whole and bringing it back: every table as canonical lines, the same from either kind of database, and the files."""
