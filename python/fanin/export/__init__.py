"""Trained models for programs that do not have fanin."""
