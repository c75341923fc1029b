"""What a session was given becomes rows: a product, its lot, and how much was drawn of it.

Until now a visit held them as text. A lot whose expiry nobody wrote down is taken to have lasted
until the last session that used it; what came of it is taken to be what was drawn.
"""

from collections import defaultdict
from decimal import Decimal

from django.db import migrations
from django.db.models import Max, Min, Sum


def to_rows(apps, schema_editor):
    """Make a product and a lot of each pair of texts, and tie the sessions to them."""
    model = apps.get_model
    Visit, Product = model("treatments", "Visit"), model("treatments", "Product")
    Lot, VisitProduct = model("treatments", "Lot"), model("treatments", "VisitProduct")
    given = Visit.objects.exclude(product="").exclude(volume_ml=None)
    products = {}
    for name in given.order_by("product").values_list("product", flat=True).distinct():
        by = given.filter(product=name).order_by("pk").first().recorded_by
        products[name], _made = Product.objects.get_or_create(name=name, defaults={"added_by": by})
    lots = {}
    texts = given.exclude(lot="").order_by("product", "lot").values("product", "lot")
    for row in texts.annotate(
        first=Min("held_on"), last=Max("held_on"), expires=Max("lot_expires_on"), ml=Sum("volume_ml")
    ):
        lots[row["product"], row["lot"]], _made = Lot.objects.get_or_create(
            product=products[row["product"]],
            number=row["lot"],
            defaults={
                "expires_on": row["expires"] or row["last"],
                "received_on": row["first"],
                "volume_ml": row["ml"],
                "added_by": products[row["product"]].added_by,
            },
        )
    VisitProduct.objects.bulk_create(
        VisitProduct(
            visit=visit,
            product=products[visit.product],
            lot=lots.get((visit.product, visit.lot)),
            drawn_ml=visit.volume_ml,
            wasted_ml=Decimal(0),
        )
        for visit in given.iterator()
    )


def to_text(apps, schema_editor):
    """Write what was drawn back into the visits; the first product names them all."""
    VisitProduct = apps.get_model("treatments", "VisitProduct")
    of_visit = defaultdict(list)
    for row in VisitProduct.objects.select_related("visit", "product", "lot").order_by("pk"):
        of_visit[row.visit].append(row)
    for visit, rows in of_visit.items():
        first = rows[0]
        visit.product = first.product.name
        visit.lot = first.lot.number if first.lot else ""
        visit.lot_expires_on = first.lot.expires_on if first.lot else None
        visit.volume_ml = sum(row.drawn_ml - row.wasted_ml for row in rows) or None
        visit.save(update_fields=["product", "lot", "lot_expires_on", "volume_ml"])


class Migration(migrations.Migration):
    dependencies = [("treatments", "0004_course_life")]

    operations = [migrations.RunPython(to_rows, to_text)]
