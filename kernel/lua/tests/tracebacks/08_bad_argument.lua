local name = "x"
print(("-"):rep(2), string.rep(name, {}), 1)
-- %%
for _, item in ipairs(items) do print(item) end
-- %%
print(math.floor("a"), io.lines("/no/such/file"))
