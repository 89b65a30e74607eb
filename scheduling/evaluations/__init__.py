"""Evaluation (评价): instruments and organisations scored by schemes that are data, frozen, graded, appealed and published.

scoring -> points, totals, ranks and grades, without any database; inputs -> what is scored and where it comes from; rounds -> the tables,
entering -> what organisations give; freezing -> preview, freeze, grade, publish; appeals -> an objection and its answer.
"""
