"""A person's own pages: who she is, how she logs in, what her programs may do, what is kept about her."""
