"""What happens in time: availability, rules, bookings. Plain Python and SQLAlchemy; knows instruments, not the portal."""
