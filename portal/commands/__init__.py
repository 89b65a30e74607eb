"""The commands of run.py: each file says what it does in its first line, adds its options, and runs."""
