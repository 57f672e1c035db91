"""Ad platforms behind one small interface; the only importer of httpx."""
