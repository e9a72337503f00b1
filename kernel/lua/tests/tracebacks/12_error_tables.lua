error({code = 2})
-- %%
error({code = "E_TIMEOUT", message = "no answer in 3 s", host = "example.org"})
-- %%
HttpError = setmetatable({__name = "HttpError"}, {__call = function(class, status)
  return setmetatable({status = status}, class)
end})
HttpError.__index = HttpError
error(HttpError(404))
-- %%
HttpError.__tostring = function(self) return "the server said " .. self.status end
error(HttpError(500))
-- %%
HttpError.__tostring = function(self) return self.status.text.body end
error(HttpError(500))
-- %%
error()
