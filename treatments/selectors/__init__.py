"""What is read together from the tables, before it is shown or acted on. Nothing is written here.

session_facts  from the rows of a patient to what the gates, the ledger and the checks ask
judging        what stands against signing: of a form that is open, and of the rows
shelf          what a session can draw from
repeating      what "Repeat session 4" copies
progress       the start of a course, its reviews, and what changed
pairs          two photographs, judged
film           the photographs of a course, views by days
follow_up      reactions that are open
notes          what a signed visit says, as one canonical text
verification   whether the rows still say what was signed
sheet          the page of one visit
trail          from a lot to patients and back
projections    what is stored beside the facts, compared with them
"""
