"""What is kept: customers, orders, money, tickets, calls. SQL, one session per task."""
