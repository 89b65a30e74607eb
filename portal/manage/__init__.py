"""The pages of those who manage instruments: the register, hours, closures, rules, qualifications, requests, and today's desk."""
