"""Protocols, formulary and stock; courses, visits, reviews and photographs."""

from treatments.models.course import Course, CourseArea, CourseMove, MissedSession
from treatments.models.formulary import Agent, Formulary, Ingredient
from treatments.models.pair import BlindRating, PhotoAlignment, PhotoExport
from treatments.models.photo import Photo, PhotoKey
from treatments.models.protocol import Protocol, ProtocolProduct, ProtocolVersion
from treatments.models.review import AreaOpinion, AreaScore, PatientOpinion
from treatments.models.setup import PhotoSetup
from treatments.models.stock import Lot, LotLoss, Product, ProductAgent, RecallContact
from treatments.models.visit import (
    Addendum,
    GateOverride,
    Measure,
    MissingItem,
    Reaction,
    ReactionCheck,
    Visit,
    VisitAnswer,
    VisitArea,
    VisitProduct,
)

__all__ = [
    "Addendum",
    "Agent",
    "AreaOpinion",
    "AreaScore",
    "BlindRating",
    "Course",
    "CourseArea",
    "CourseMove",
    "Formulary",
    "GateOverride",
    "Ingredient",
    "Lot",
    "LotLoss",
    "Measure",
    "MissedSession",
    "MissingItem",
    "PatientOpinion",
    "Photo",
    "PhotoAlignment",
    "PhotoExport",
    "PhotoKey",
    "PhotoSetup",
    "Product",
    "ProductAgent",
    "Protocol",
    "ProtocolProduct",
    "ProtocolVersion",
    "Reaction",
    "ReactionCheck",
    "RecallContact",
    "Visit",
    "VisitAnswer",
    "VisitArea",
    "VisitProduct",
]
