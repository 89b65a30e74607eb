"""What goes into the API and comes out of it. Times carry an offset, money is text with a currency, ids are opaque text."""
