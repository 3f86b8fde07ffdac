"""Few-shot image classification, Section 5: data, episodes, a network on one model axis, and its objectives."""
