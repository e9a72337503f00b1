local function use()
  local file <close> = setmetatable({}, {__close = function(self, problem)
    self.handle.release()
  end})
  error("disk full")
end
use()
