package.path = "tests/tracebacks/modules/?.lua;/usr/share/lua/5.4/?.lua"
package.cpath = "/usr/lib/lua/5.4/?.so"
-- %%
local shop = require "shopp"
-- %%
local http = require "socket.https"
-- %%
print(lpeg.P("a"))
-- %%
print(shop.total({}))
