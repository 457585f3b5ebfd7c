"""The chapters of the room Learn and what they share."""
