"""The agent: looks out for runs that are due and has each done once, in a process of its own."""
