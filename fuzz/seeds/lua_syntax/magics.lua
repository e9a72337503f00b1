-- a comment
%%nohistory
%%time
x = 10
% 3
!echo it's {x} "$HOME" \
  '{t.a[1]}'
for i = 1, 3 do
  %time local y = f(x), g()
  files = !ls {i}
end
;%timeit -n 10 -r 3 x + 1
%who
%run a.lua {x}
