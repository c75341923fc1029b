"""The demo clinic: invented patients, drawn photographs, dates that follow today.

people   who they are
exams    what was asked and seen at their screenings
story    where each of them stands, and the dates that follow from it
diary    the hours of practitioners and rooms
visits   what one visit brought: measures, reactions, notes, photographs
build    writes it all, through the real actions wherever they allow the date
"""
