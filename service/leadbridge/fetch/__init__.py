"""The stage `fetch`: what a vendor only announced is asked for, off the sender's request, within the vendor's quota."""
