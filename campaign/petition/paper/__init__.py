"""An appeal on paper: its QR code, its poster, the sheet to sign on, and what comes back on such sheets."""
