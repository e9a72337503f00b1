total_price = 12
-- %%
print(totalprice * 2)
-- %%
Print(total_price)
-- %%
print(string.fromat("%d", total_price), string.upper("x"))
