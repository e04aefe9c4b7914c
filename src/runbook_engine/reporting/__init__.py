"""Facts for people: what was planned, what happened and what to do next, as text, JSON data and pictures."""
