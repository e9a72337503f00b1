local shop = require "shop"
print(shop.total({{price = 2}, {cost = 3}}))
-- %%
require "broken_shop"
-- %%
require "shop_that_fails"
