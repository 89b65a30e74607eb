"""The register: organisations, people, instruments, opening hours, qualifications, rule books. Imports neither floor above."""
