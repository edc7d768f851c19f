"""HTTP that goes out: to the CRMs, and to the vendors whose leads are fetched."""
