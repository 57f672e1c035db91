"""Privacy rules whose test looks at several rooms at once; the others stand with the code that keeps them."""
