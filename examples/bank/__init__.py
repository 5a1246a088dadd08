"""The parts of `bank_day.py`: reading, patience, the day as visits and shifts, policies, views."""
