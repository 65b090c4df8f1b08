"""Everything a person sees, painted from the same stream of events that the headless run reads."""
